// Standard Webhooks (https://www.standardwebhooks.com): a receiver that knows the secret can tell that a body
// is ours, whole and recent.

const encoder = new TextEncoder()

/** Signs one request: the value of `webhook-signature`. */
export type Sign = (id: string, timestamp: string, body: string) => Promise<string>

/**
 * @param secret `whsec_` and the base64 of 24 to 64 bytes
 * @throws TypeError for anything else; its message does not show the secret
 */
export function signer(secret: string): Sign {
  const bytes = keyOf(secret)
  const key = crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  // Reported when the first request is signed, as the failure of that request.
  key.catch(() => {})
  return async (id, timestamp, body) => {
    const signed = await crypto.subtle.sign('HMAC', await key, encoder.encode(`${id}.${timestamp}.${body}`))
    return `v1,${btoa(String.fromCharCode(...new Uint8Array(signed)))}`
  }
}

/** Whether `secret` is one that requests can be signed with. */
export function isSecret(secret: unknown): secret is string {
  try {
    return typeof secret === 'string' && keyOf(secret).length > 0
  } catch {
    return false
  }
}

function keyOf(secret: string): Uint8Array<ArrayBuffer> {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  let bytes = new Uint8Array()
  try {
    bytes = Uint8Array.from(atob(base64 ?? ''), (character) => character.charCodeAt(0))
  } catch {
    // Falls short below.
  }
  if (bytes.length < 24 || bytes.length > 64) {
    throw new TypeError('secret: expected "whsec_" followed by the base64 of 24 to 64 bytes')
  }
  return bytes
}
