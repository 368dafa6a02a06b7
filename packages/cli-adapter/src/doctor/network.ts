// The way to the destinations: through which proxy, and with --probe whether anybody is at its end.

import { rootCause, shownLocation } from '@learnpack/telemetry-transport-http'
import { nodeFetch } from '../sending/node-fetch'
import { proxyFor } from '../sending/proxies'
import { finding, type Finding } from './finding'
import type { Surroundings } from './surroundings'

/** A destination that takes longer is as good as silent, ms. */
const PROBE_MS = 5_000

/** Makes no connection. */
export async function wayFindings(
  destinations: Readonly<Record<string, string>>,
  { env }: Surroundings,
): Promise<Finding[]> {
  const found = Object.entries(destinations).map(async ([key, url]): Promise<Finding[]> => {
    const subject = `telemetry.${key}`
    const proxy = await proxyFor(url, env)
    if (proxy === undefined) return []
    const { name, kind } = proxy
    if (kind === 'malformed') {
      const message = `cannot be sent: ${name} is not the URL of a proxy`
      return [
        finding('network/proxy-malformed', subject, message, `set ${name} to http://host:port, or unset it`),
      ]
    }
    return [
      kind === 'direct'
        ? finding('network/direct', subject, `does not use the proxy of ${name}`)
        : finding('network/proxied', subject, `goes through the proxy ${proxy.address} (${name})`),
    ]
  })
  return (await Promise.all(found)).flat()
}

/**
 * Asks each destination what it takes, with OPTIONS: a safe method (RFC 9110 §9.2.1) that names no learner, where
 * a GET may run something and a POST would be kept. Nothing is sent but that.
 */
export async function probeFindings(
  destinations: Readonly<Record<string, string>>,
  surroundings: Surroundings,
): Promise<Finding[]> {
  const asked = Object.entries(destinations).map(([key, url]) =>
    probe(`telemetry.${key}`, url, nodeFetch(surroundings.env), surroundings),
  )
  return Promise.all(asked)
}

async function probe(
  subject: string,
  url: string,
  ask: typeof fetch,
  { clock }: Surroundings,
): Promise<Finding> {
  const abort = new AbortController()
  const release = clock.hold()
  const cancel = clock.after(PROBE_MS, () => abort.abort())
  const askedAt = clock.now()
  try {
    const response = await ask(url, { method: 'OPTIONS', redirect: 'manual', signal: abort.signal })
    const ms = clock.now() - askedAt
    void response.body?.cancel().catch(() => {})
    return answered(subject, response, ms)
  } catch (error) {
    if (abort.signal.aborted) {
      const advice = 'check the address, and whether a firewall blocks the answer'
      return finding('network/silent', subject, `${url} gave no answer within ${PROBE_MS} ms`, advice)
    }
    return failed(subject, url, error)
  } finally {
    cancel()
    release()
  }
}

function answered(subject: string, { status, headers }: Response, ms: number): Finding {
  const said = `answered ${status} in ${ms} ms`
  if (status >= 300 && status < 400) {
    const to = shownLocation(headers.get('location') ?? 'nowhere')
    const message = `${said} and points to ${to}: redirects are not followed`
    return finding(
      'network/redirected',
      subject,
      message,
      'if you trust the address it points to, use that one',
    )
  }
  if (status === 401 || status === 403) {
    const advice = 'nothing to do if it wants a token: the probe sends none; else ask who runs it'
    return finding('network/unwelcome', subject, `${said}: it refuses the probe`, advice)
  }
  if (status === 404 || status === 410) {
    return finding(
      'network/not-found',
      subject,
      `${said}: it has nothing at this path`,
      'correct the path of the URL',
    )
  }
  if (status >= 500 && status !== 501) {
    return finding(
      'network/failing',
      subject,
      `${said}: it has an error`,
      'try again later; what waits is kept',
    )
  }
  // A receiver that takes only POST may say so.
  if (status >= 400 && status !== 405 && status !== 501) {
    return finding('network/refuses', subject, `${said} to a request without content`, 'ask who runs it')
  }
  return finding('network/answered', subject, said)
}

function failed(subject: string, url: string, error: unknown): Finding {
  const { code, message } = rootCause(error)
  const { hostname, host } = new URL(url)
  const reason = code !== undefined && !message.includes(code) ? `${message}, ${code}` : message
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const advice = 'correct the name, or check that you are online'
    return finding('network/no-name', subject, `${hostname} is not known (${reason})`, advice)
  }
  if (/CERT|TLS|SSL|SIGNATURE/.test(code ?? '')) {
    const advice =
      'ask who runs it to correct its certificate; for your own authority set NODE_EXTRA_CA_CERTS'
    return finding('network/certificate', subject, `${host} cannot prove who it is: ${reason}`, advice)
  }
  const advice = 'correct the address; check that it runs, and that no firewall or proxy blocks it'
  return finding('network/no-connection', subject, `${host} cannot be reached: ${reason}`, advice)
}
