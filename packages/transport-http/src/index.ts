export { batchTransport, streamTransport, USER_AGENT } from './http-transport'
export type { Authorization, HttpTransportOptions } from './http-transport'
export { rootCause } from './root-cause'
