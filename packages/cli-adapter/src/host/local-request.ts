// Who asks: the host's own page, a program, a page of somebody else's, or somebody behind a proxy. Any page that the
// learner has open can send requests to localhost; by a name that resolves to 127.0.0.1 it can even read the answers.
//
// Only what no page can set tells: Sec-Fetch-Site, Origin and Host. A header of our own would tell nothing, since
// LearnPack's server allows pages of every origin any header (its CORS), and its editor, which cannot be changed, sends
// none. What clients send with `GET /exercise/<slug>` and `GET /telemetry`:
//
// | who asks                                                 | Sec-Fetch-Site | Origin               |
// | -------------------------------------------------------- | -------------- | -------------------- |
// | the editor, also in a frame of VS Code's webview         | same-origin    | its own, with POST   |
// | an address that was typed                                | none           |                      |
// | a page of another port of this machine                   | same-site      | its own, with CORS   |
// | a page of any other origin                               | cross-site     | its own, with CORS   |
// | VS Code's webview itself                                 | cross-site     | vscode-webview://... |
// | a page whose name was rebound to this machine            |                | and a foreign Host   |
// | a browser of before 2023, or at an http: address that is |                | as above             |
// |   another machine's                                      |                |                      |
// | curl, Node, a language plugin                            |                |                      |

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { isLoopback } from '../shared/loopback'

/** By these, proxies and tunnels say for whom they ask. */
const FORWARDED =
  /^(forwarded|via|x-forwarded(-.+)?|x-original-.+|x-(real|client|cluster-client)-ip|(true|fastly|fly)-client-ip|cf-.+|cdn-loop|x-(envoy|amzn|arr|azure|appengine)-.+)$/

const isForwarded = (headers: IncomingHttpHeaders): boolean =>
  Object.keys(headers).some((name) => FORWARDED.test(name))

/**
 * Whether a request for the learner's telemetry comes from this machine, for this machine, by no page but the host's own.
 * Behind a proxy the peer is the proxy, and who asks may be anybody.
 */
export function isLocal({ socket, headers, httpVersion }: IncomingMessage): boolean {
  const { host } = headers
  return (
    isLoopback(socket.remoteAddress ?? '') &&
    host !== undefined &&
    isLoopback(nameOf(host)) &&
    !isForwarded(headers) &&
    // In HTTP/1.0 nginx forwards unless it is told otherwise, and does not say for whom; no browser speaks it.
    httpVersion !== '1.0' &&
    isOwnSite(headers) &&
    isOwnOrigin(headers) &&
    isOwnReferer(headers)
  )
}

/**
 * Whether a request may open a step: not one that a page of another origin sends, as an image for instance. The Host may be
 * any: behind the proxies of Codespaces and Gitpod it is, and whoever rebinds a name to LearnPack can press all its buttons.
 */
export function mayOpen(headers: IncomingHttpHeaders): boolean {
  // Only the learner's own editor has such pages.
  if (headers.origin?.startsWith('vscode-webview://')) return true
  // Where a proxy changes the Host or ends TLS, the editor's own origin looks foreign: the browser knows better.
  if (headers['sec-fetch-site'] !== undefined) return isOwnSite(headers)
  return isOwnOrigin(headers) && (isForwarded(headers) || isOwnReferer(headers))
}

const isOwnSite = ({ 'sec-fetch-site': site }: IncomingHttpHeaders): boolean =>
  site === undefined || site === 'same-origin' || site === 'none'

const isOwnOrigin = ({ host, origin }: IncomingHttpHeaders): boolean =>
  origin === undefined || origin === `http://${host}` || origin === `https://${host}`

/** A page can leave its address out, but not lie. */
const isOwnReferer = ({ host, referer }: IncomingHttpHeaders): boolean =>
  referer === undefined || (URL.canParse(referer) && new URL(referer).host === host)

/** A Host header without its port. */
const nameOf = (host: string): string => host.replace(/:\d+$/, '')
