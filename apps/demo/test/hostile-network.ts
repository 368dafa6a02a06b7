// The network of a learner who has pages of strangers open: every name leads to this machine, as a hostile DNS server
// can have it. Keeps what was answered, which no foreign page gets to see.

import { createServer, request as ask, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { launchChromium } from '../scripts/chromium.mjs'

export interface HostileNetwork {
  readonly browser: Browser
  /** `GET http://localhost:3000/path 200` */
  readonly answers: string[]
  stop(): Promise<void>
}

export async function startHostileNetwork(): Promise<HostileNetwork> {
  const answers: string[] = []
  const server = createServer((request, response) => {
    const { port, pathname } = new URL(request.url ?? '')
    const { method, headers } = request
    const passed = ask({ host: '127.0.0.1', port, path: pathname, method, headers }, (answer) => {
      answers.push(`${method} ${request.url} ${answer.statusCode}`)
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.once('error', () => response.destroy())
    })
    passed.once('error', () => response.destroy())
    response.once('close', () => passed.destroy())
    request.pipe(passed)
  })
  const browser = await launchChromium([
    `--proxy-server=http://127.0.0.1:${await listening(server)}`,
    // Chromium would go past a proxy to this machine.
    '--proxy-bypass-list=<-loopback>',
  ])
  return {
    browser,
    answers,
    async stop() {
      await browser.close()
      stopped(server)
    },
  }
}

export async function openPage(browser: Browser, address: string): Promise<Page> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(address)
  return page
}

/** An empty page of a server of its own, under that name. */
export async function openForeignPage(browser: Browser, name: string): Promise<Page> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><body></body>')
  })
  onTestFinished(() => stopped(server))
  return openPage(browser, `http://${name}:${await listening(server)}/`)
}

/** Asks for it in every way that needs nobody's permission. */
export function askInEveryWay(href: string): void {
  const add = (name: string, attributes: object) =>
    document.body.append(Object.assign(document.createElement(name), attributes))
  new EventSource(`${href}?by=eventsource`)
  void fetch(`${href}?by=cors`).catch(() => {})
  void fetch(`${href}?by=fetch`, { mode: 'no-cors' }).catch(() => {})
  void fetch(`${href}?by=unreferred`, { mode: 'no-cors', referrerPolicy: 'no-referrer' }).catch(() => {})
  add('img', { src: `${href}?by=image` })
  add('script', { src: `${href}?by=script` })
  add('iframe', { src: `${href}?by=frame` })
  const form = document.createElement('form')
  // A frame of its own: what another form has opened may still be on its way there.
  Object.assign(form, { method: 'POST', action: `${href}?by=form`, target: `form to ${href}` })
  add('iframe', { name: `form to ${href}` })
  document.body.append(form)
  form.submit()
}

/** What `askInEveryWay` is answered, sorted. */
export const answersTo = (href: string, get: number, post: number): string[] =>
  [
    ...['cors', 'eventsource', 'fetch', 'frame', 'image', 'script', 'unreferred'].map(
      (by) => `GET ${href}?by=${by} ${get}`,
    ),
    `POST ${href}?by=form ${post}`,
  ].sort()

export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

export function stopped(server: Server): void {
  server.close()
  server.closeAllConnections()
}
