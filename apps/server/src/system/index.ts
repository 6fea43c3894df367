export { Demo } from './demo.js';
