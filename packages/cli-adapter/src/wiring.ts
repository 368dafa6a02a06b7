// A manager at work inside a host: sessions, logins, opened steps and socket messages become events. The
// plugin and `embed` share it.

import { courseOf, openedBy, type ConfigObject, type HostCourse } from './exercises'
import { readHostSession } from './host-session'
import { createManaged, type Managed, type ManagerOptions } from './manager'

/** How often it is looked whether somebody logged in or out, ms. It is also looked before every event. */
const LOOK_MS = 5_000

/** A socket.io server or one of its sockets, of any major version. */
export interface SocketLike {
  on(event: string, listener: (...args: never[]) => void): unknown
}

export interface Wiring {
  readonly manager: Managed
  /** The course once it has started. */
  readonly course: HostCourse | undefined
  /** Starts the session of what the host serves. */
  start(configObject: ConfigObject): void
  /** A request that reached the host. */
  requested(request: { readonly method?: string | undefined; readonly url?: string | undefined }): void
  /** Listens to what clients send. */
  listen(io: SocketLike): void
  /** Logs in or out whoever logged in or out at the host. */
  lookWho(): void
  close(): Promise<void>
}

/** @param logins whether the host keeps its session where SPEC §9 says; else it calls `setStudent` itself */
export function wire(options: ManagerOptions = {}, { logins }: { logins: boolean }): Wiring {
  const manager = createManaged(options)
  let course: HostCourse | undefined
  let last: string | undefined
  let timer: NodeJS.Timeout | undefined

  function lookWho(): void {
    if (course === undefined || !manager.started || !logins) return
    const found = readHostSession(course.dirPath)
    const now = JSON.stringify(found) ?? ''
    if (now === last) return
    const first = last === undefined
    last = now
    const { student } = manager.telemetry.state()
    if (found === undefined) {
      if (student !== undefined) manager.telemetry.clear()
      // Who was logged in when the last session ended has not logged in again.
    } else if (!first || String(student) !== String(found.user_id)) {
      manager.telemetry.identify(found.user_id)
    }
  }

  function register(position: unknown, event: string, data: unknown): void {
    lookWho()
    manager.registerStepEvent(position as number, event, data)
  }

  return {
    manager,
    get course() {
      return course
    },
    start: (configObject) =>
      safely(() => {
        course = courseOf(configObject)
        manager.urls = course.urls
        void manager.start(course.agent, course.steps, course.dirPath, course.slug)
        lookWho()
        timer = setInterval(() => safely(lookWho), LOOK_MS).unref()
      }),
    requested: (request) =>
      safely(() => {
        const position = course && openedBy(request, course.steps)
        if (position !== undefined) register(position, 'open_step', {})
      }),
    listen: (io) =>
      safely(() =>
        io.on('connection', (socket: SocketLike) =>
          safely(() => socket.on('compiler', (message: unknown) => safely(() => received(message)))),
        ),
      ),
    lookWho: () => safely(lookWho),
    async close() {
      clearInterval(timer)
      await manager.close()
    },
  }

  /** A question to the AI tutor. The other buttons reach us as results, by the language plugin. */
  function received(message: unknown): void {
    const { action, data } = (message ?? {}) as { action?: unknown; data?: Record<string, unknown> }
    if (action === 'ai_interaction') register(data?.['stepPosition'], 'ai_interaction', data?.['eventData'])
  }
}

/** Whatever goes wrong in here, the host goes on. */
export function safely(action: () => unknown): void {
  try {
    action()
  } catch {
    // It is ours alone.
  }
}
