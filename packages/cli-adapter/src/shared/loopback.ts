// Which hosts are this machine: a name such as 127.0.0.1.school.example is anybody's.

import { isIPv4 } from 'node:net'

/** Whether nobody on the way to a http(s) URL reads what is sent: it is encrypted, or stays on this machine. */
export const isPrivate = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || isLoopback(hostname)

/** @param host a name or an address, in brackets or not, without a port */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1')
  const v4 = address.replace(/^::ffff:/i, '')
  return address === '::1' || address === 'localhost' || (isIPv4(v4) && v4.startsWith('127.'))
}
