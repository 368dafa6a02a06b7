// A manager at work inside a host: sessions, logins, opened steps and socket messages become events. The
// plugin and `embed` share it.

import { ignoreErrors } from '@learnpack/telemetry-transport-file'
import type { IncomingMessage } from 'node:http'
import { courseOf, openedBy, type ConfigObject, type HostCourse } from './host-course'
import { mayOpen } from './local-request'
import { createManaged, type Managed } from './manager'
import type { ManagerOptions } from './manager-api'

/** A socket.io server or one of its sockets, of any major version: what `embed` needs of it. */
export interface SocketLike {
  /** Called for `connection` on the server, for `compiler` on each socket. */
  on(event: string, listener: (...args: never[]) => void): unknown
}

/** A request as Node's server gives it, as far as it concerns us. */
type HostRequest = Partial<Pick<IncomingMessage, 'method' | 'url' | 'headers'>>

export interface Wiring {
  readonly manager: Managed
  /** Starts the session of what the host serves. */
  start(configObject: ConfigObject): void
  /** A request that reached the host. */
  requested(request: HostRequest): void
  /** Listens to what clients send. */
  listen(io: SocketLike): void
  /** Records nothing more by itself: the host's editor does. */
  standBack(): void
}

/** @param logins whether the host keeps its session where SPEC §9 says; else it calls `setStudent` itself */
export function wire(options: ManagerOptions, { logins }: { logins: boolean }): Wiring {
  const manager = createManaged(options, logins ? 'in the file' : 'by the host')
  let course: HostCourse | undefined
  let standsBack = false

  function register(position: unknown, event: string, data: unknown): void {
    if (standsBack) return
    manager.registerStepEvent(position as number, event, data)
  }

  /** A question to the AI tutor. The other buttons reach us as results, by the language plugin. */
  function received(message: unknown): void {
    const { action, data } = (message ?? {}) as { action?: unknown; data?: Record<string, unknown> }
    if (action === 'ai_interaction') register(data?.['stepPosition'], 'ai_interaction', data?.['eventData'])
  }

  return {
    manager,
    start: (configObject) =>
      ignoreErrors(() => {
        course = courseOf(configObject)
        manager.urls = course.urls
        void manager.start(course.agent, course.steps, course.dirPath, course.slug)
      }),
    standBack() {
      standsBack = true
    },
    requested: (request) =>
      ignoreErrors(() => {
        const position = course && openedBy(request, course.steps)
        if (position !== undefined && mayOpen(request.headers ?? {})) register(position, 'open_step', {})
      }),
    listen: (io) =>
      ignoreErrors(() =>
        io.on('connection', (socket: SocketLike) =>
          ignoreErrors(() =>
            socket.on('compiler', (message: unknown) => ignoreErrors(() => received(message))),
          ),
        ),
      ),
  }
}
