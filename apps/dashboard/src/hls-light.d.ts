/**
 * hls.js without alternate audio, subtitles, encryption and advertisement breaks, none of which our playlists have: a third
 * of its weight less. The package has types for the whole only; what we use of it is the same in both.
 */
declare module 'hls.js/light' {
  export * from 'hls.js';
  export { default } from 'hls.js';
}
