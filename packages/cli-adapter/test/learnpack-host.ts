// npm's learnpack, as a process on a course of its own, with a client that presses its buttons.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import connectTo from 'socket.io-client'

const require = createRequire(import.meta.url)
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
export const learnpack = dirname(require.resolve('learnpack/package.json'))
const downloads = here('fixtures/downloads.cjs')
export const ours = here('..')
export const language = here('fixtures/language-node')

const closers: (() => unknown)[] = []

/** Ends every process and server that is still there. */
export const closeAll = (): void => closers.splice(0).forEach((close) => close())

const temporary = (): string => mkdtempSync(join(tmpdir(), 'telemetry-host-'))

/** An environment in which nothing but these plugins is linked, by the host's own command. */
export function hostEnvironment(plugins: readonly string[] = [ours, language], root = learnpack) {
  const home = temporary()
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: home, NO_COLOR: '1' }
  for (const name of ['DATA', 'CONFIG', 'CACHE', 'STATE']) env[`XDG_${name}_HOME`] = join(home, name)
  for (const plugin of plugins) {
    const linked = spawnSync(process.execPath, [join(root, 'bin/run'), 'plugins:link', plugin], { env })
    if (linked.status !== 0) throw new Error(`plugins:link ${plugin}: ${String(linked.stderr)}`)
  }
  return env
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Runs one command of the host to its end. */
export function runLearnPack(
  args: readonly string[],
  { env, root = learnpack, cwd = temporary() }: RunOptions,
) {
  const command = ['-r', downloads, join(root, 'bin/run'), ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { env, cwd, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/**
 * A copy of the host as its second major version is, as far as SPEC §9 tells: it says 2.1.34, and passes a
 * `telemetry` of its own to its action hook, which notes what it is told in own-telemetry.txt.
 */
export function secondMajor(): string {
  const outer = temporary()
  const modules = join(outer, 'copy', 'node_modules')
  const root = join(modules, 'learnpack')
  cpSync(learnpack, root, {
    recursive: true,
    filter: (path) => !path.startsWith(join(learnpack, 'node_modules')),
  })
  const siblings = dirname(realpathSync(learnpack))
  for (const name of readdirSync(siblings))
    if (name !== 'learnpack') symlinkSync(join(siblings, name), join(modules, name))
  // What it requires without naming it as a dependency.
  symlinkSync(join(siblings, '../../node_modules'), join(outer, 'node_modules'))
  const change = (path: string, from: string | RegExp, to: string): void => {
    const text = readFileSync(join(root, path), 'utf8')
    if (text.replace(from, to) === text) throw new Error(`${path}: nothing to change`)
    writeFileSync(join(root, path), text.replace(from, to))
  }
  change('package.json', '"0.1.30"', '"2.1.34"')
  change('oclif.manifest.json', '"0.1.30"', '"2.1.34"')
  const own = `telemetry: { registerStepEvent: (...args) => require('fs').appendFileSync('own-telemetry.txt', args[1] + ' ') },`
  change('src/commands/start.js', /action: 'compile',/, `action: 'compile', ${own}`)
  return root
}

/** A copy of the small course. */
export async function newCourse(telemetry?: object): Promise<{ path: string; port: number }> {
  const path = temporary()
  cpSync(here('fixtures/course'), path, { recursive: true })
  const port = await freePort()
  const learnJson = join(path, 'learn.json')
  const given = JSON.parse(readFileSync(learnJson, 'utf8')) as object
  writeFileSync(learnJson, JSON.stringify({ ...given, port, ...(telemetry && { telemetry }) }))
  return { path, port }
}

export interface HostOptions {
  readonly env: NodeJS.ProcessEnv
  readonly root?: string
  /** A program that serves the course instead of npm's learnpack. */
  readonly program?: string
}

interface RunOptions extends HostOptions {
  readonly cwd?: string
}

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly output: string
  readonly stdout: string
  readonly stderr: string
}

/** One line the host sent its clients. */
interface Message {
  readonly action: string
  readonly status: string
  readonly logs: unknown
}

export async function startLearnPack(
  course: { path: string; port: number },
  { env, root = learnpack, program }: HostOptions,
) {
  const command = program === undefined ? ['-r', downloads, join(root, 'bin/run'), 'start'] : [program]
  const child: ChildProcess = spawn(process.execPath, command, { cwd: course.path, env })
  closers.push(() => child.kill('SIGKILL'))
  let output = ''
  const apart = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      apart[name] += chunk.toString()
    })
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, output, ...apart })),
  )
  await until(
    () => output.includes(`http://localhost:${course.port}`) || child.exitCode !== null,
    () => output,
  )

  const url = `http://localhost:${course.port}`
  const client = connectTo(url, { transports: ['websocket'], reconnection: false })
  closers.push(() => client.close())
  const messages: Message[] = []
  client.on('compiler', ({ action, status, logs }: Message) => messages.push({ action, status, logs }))
  await new Promise<void>((resolve, reject) => {
    client.on('connect', resolve)
    client.on('connect_error', (error: unknown) => reject(new Error(`${String(error)}\n${output}`)))
  })

  return {
    child,
    messages,
    get: async (
      path: string,
      headers: Record<string, string> = {},
    ): Promise<{ status: number; body: string }> => {
      const response = await fetch(`${url}${path}`, { headers })
      return { status: response.status, body: await response.text() }
    },
    /** Presses a button; resolves once the host has said what came of it. */
    async press(action: string, data: object, answer: string): Promise<void> {
      const from = messages.length
      client.emit('compiler', { action, data })
      await until(
        () => messages.slice(from).some(({ status }) => status === answer),
        () => JSON.stringify(messages.slice(from)),
      )
    },
    end(signal: NodeJS.Signals) {
      child.kill(signal)
      return ended
    },
  }
}

/** Waits for what another process does; the runner's time limit is the only one. */
export async function until(condition: () => boolean, _state?: () => string): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
}

/** A real receiver of batches and stream events. */
export async function receiver(
  answer: RequestListener = (_, response) => void response.end(),
): Promise<{ got: Received[]; telemetry: { batch: string; stream: string } }> {
  const got: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
      got.push({ path: request.url ?? '', headers: request.headers, body })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { got, telemetry: { batch: `${url}/batch?asset_id=7`, stream: `${url}/stream` } }
}

/** The host's own session store: what `learnpack login` and `logout` write. */
export async function hostSession(coursePath: string) {
  const storage = createRequire(join(learnpack, 'package.json'))('node-persist') as {
    create(options: { dir: string }): {
      init(): Promise<unknown>
      setItem(key: string, value: object): Promise<unknown>
      clear(): Promise<unknown>
    }
  }
  const session = storage.create({ dir: join(coursePath, '.learn', '.session') })
  await session.init()
  return {
    login: (user_id: number, token = 'secret-token-of-the-student') =>
      session.setItem('bc-payload', { token, user_id, email: 'ana@school.example' }),
    logout: () => session.clear(),
  }
}

/** Every file below a folder, by its path from there. */
export function filesBelow(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [path.slice(folder.length + 1), readFileSync(path, 'utf8')]
    }),
  )
}
