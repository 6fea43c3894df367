export { describeConfig } from './describe.js';
export { type Config, type LogFormat, type LogLevelSetting, loadConfig, readConfig, VARIABLE_NAMES } from './load.js';
