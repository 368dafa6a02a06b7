export { replayLog, type ReplayedLog, type Until } from './replay'
export { findLog } from './find-log'
export { nodeFetch } from './node-fetch'
