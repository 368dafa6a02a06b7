// Whether anything may be sent is asked at the moment of each request, not only when the log was read: somebody else may have
// logged out since.

import type { Transport } from '@learnpack/telemetry-core'

/** @param whyNot says why nothing may be sent now, for a person; undefined where it may */
export function gated(transport: Transport, whyNot: () => string | undefined): Transport {
  const { name, address, wants } = transport
  return {
    name,
    ...(address !== undefined && { address }),
    wants,
    ...(transport.settings && { settings: () => transport.settings?.() ?? '' }),
    async deliver(parcel, signal) {
      const reason = whyNot()
      return reason === undefined
        ? transport.deliver(parcel, signal)
        : { kind: 'retry', reason: `nothing is sent: ${reason}` }
    },
    close: async () => transport.close?.(),
  }
}
