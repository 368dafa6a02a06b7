// A manager at work inside a host: sessions, logins, opened steps and socket messages become events. The
// plugin and `embed` share it.

import { statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { sameStudent } from '@learnpack/telemetry-core'
import { openCourseFolder, type CourseFolder } from '@learnpack/telemetry-transport-file'
import { consent } from './consent'
import { courseOf, openedBy, type ConfigObject, type HostCourse } from './host-course'
import { readHostSession } from './host-session'
import { mayOpen } from './local-request'
import { createManaged, type Managed } from './manager'
import type { ManagerOptions } from './manager-api'
import { quietly } from './quietly'
import { cameWithCourse, isNewHere, noteForeignSession } from './session-origin'

/** How often it is looked whether somebody logged in or out, ms. It is also looked before every event. */
const LOOK_MS = 5_000

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
  /** Logs in or out whoever logged in or out at the host. */
  lookWho(): void
  close(): Promise<void>
}

/** @param logins whether the host keeps its session where SPEC §9 says; else it calls `setStudent` itself */
export function wire(options: ManagerOptions, { logins }: { logins: boolean }): Wiring {
  const manager = createManaged(options)
  let course: HostCourse | undefined
  let folder: CourseFolder | undefined
  /** What keeps a session that came with the course from counting could not be noted yet. */
  let noteLater: (() => void) | undefined
  /** The token seen last; null: nobody was logged in. */
  let seen: string | null | undefined
  /** Whether somebody was logged in by that. */
  let isLoggedIn = false
  let timer: NodeJS.Timeout | undefined

  /** @param before when something was recorded last before this session, epoch ms */
  function lookWho(before = -Infinity): void {
    if (course === undefined || !logins) return
    if (noteLater !== undefined) quietly(noteLater)
    const stored = readHostSession(course.dirPath)
    if (stored === undefined || noteLater !== undefined) return
    const token = stored?.token ?? null
    if (token === seen) return
    const counts = stored !== null && folder !== undefined && !cameWithCourse(folder, stored)
    const found = counts ? stored : null
    const first = seen === undefined
    seen = token
    const { student } = manager.telemetry.status()
    if (found === null) {
      // A login that waits for a session to start shows in no status yet.
      if (student !== undefined || isLoggedIn) manager.clearStudent()
      isLoggedIn = false
      return
    }
    isLoggedIn = true
    // Who was logged in when the last session ended has not logged in again, unless that was stored since.
    const same = first && sameStudent(student, found.user_id) && found.at <= before
    if (same) manager.holdToken(found.token)
    else manager.setStudent(found)
  }

  function register(position: unknown, event: string, data: unknown): void {
    lookWho()
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
      quietly(() => {
        course = courseOf(configObject)
        const { dirPath } = course
        let before = -Infinity
        quietly(() => (before = lastRecordedAt(dirPath)))
        manager.urls = course.urls
        if (logins && consent(dirPath).enabled) {
          const here = openCourseFolder(dirPath)
          folder = here
          if (isNewHere(here)) {
            noteLater = () => {
              noteForeignSession(here, dirPath)
              noteLater = undefined
            }
            quietly(noteLater)
          }
        }
        void manager.start(course.agent, course.steps, course.dirPath, course.slug)
        lookWho(before)
        timer = setInterval(() => quietly(lookWho), LOOK_MS).unref()
      }),
    requested: (request) =>
      quietly(() => {
        const position = course && openedBy(request, course.steps)
        if (position !== undefined && mayOpen(request.headers ?? {})) register(position, 'open_step', {})
      }),
    listen: (io) =>
      quietly(() =>
        io.on('connection', (socket: SocketLike) =>
          quietly(() => socket.on('compiler', (message: unknown) => quietly(() => received(message)))),
        ),
      ),
    lookWho: () => quietly(lookWho),
    async close() {
      clearInterval(timer)
      await manager.close()
    },
  }
}

/** Epoch ms; -Infinity where nothing is recorded. */
function lastRecordedAt(dirPath: string): number {
  const folder = openCourseFolder(dirPath)
  const changed = folder.list().map((id) => statSync(folder.logPath(id)).mtimeMs)
  return Math.max(-Infinity, ...changed)
}
