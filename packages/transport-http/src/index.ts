export { batchTransport, streamTransport, USER_AGENT, type HttpTransportOptions } from './http-transport'
