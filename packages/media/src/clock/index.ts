export * from './session-clock.js';
