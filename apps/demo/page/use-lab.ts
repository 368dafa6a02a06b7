// The delivery panel's engine and receiver for the session on the page.

import { useCallback, useEffect, useRef, useState } from 'react'
import { startLab, type Lab, type LabStatus } from './lab/lab'
import type { Fault } from './lab/faults'
import type { Receiver } from './lab/receiver'
import type { View } from './model/player'

export interface LabView {
  readonly lab: Lab
  readonly receiver: Receiver
  readonly status: LabStatus
}

/** How often the panel is drawn at most, ms: an engine at work says something at every request. */
const DRAW_MS = 100

let starting: Promise<Receiver> | undefined
let drawReceiver = (): void => {}

/** One for the page's life. @throws where the browser allows no service worker */
const receiverOnce = (): Promise<Receiver> =>
  (starting ??= import('./lab/receiver').then(({ startReceiver }) => startReceiver(() => drawReceiver())))

/** @returns undefined until it runs, or why it cannot */
export function useLab(view: View, fault: Fault): { shown: LabView | string | undefined; startOver(): void } {
  const { timeline, at, session, time } = view
  const [receiver, setReceiver] = useState<Receiver | string>()
  const [round, setRound] = useState(0)
  const [status, setStatus] = useState<LabStatus>()
  const lab = useRef<Lab>(undefined)

  useEffect(() => {
    receiverOnce().then(setReceiver, (error: Error) => setReceiver(error.message))
  }, [])

  useEffect(() => {
    if (receiver === undefined || typeof receiver === 'string' || session.live) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const draw = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined
        setStatus(started.status())
      }, DRAW_MS)
    }
    drawReceiver = draw
    receiver.clear()
    const started = startLab(draw)
    lab.current = started
    setStatus(started.status())
    return () => {
      clearTimeout(timer)
      started.stop()
      lab.current = undefined
    }
  }, [receiver, timeline, session.live, round])

  const offline = session.offline.some(([from, to]) => time >= from && time < to)
  if (typeof receiver === 'object') receiver.fault = fault === 'none' && offline ? 'offline' : fault

  useEffect(() => lab.current?.record(timeline, at), [timeline, at, receiver, round])

  const startOver = useCallback(() => setRound((before) => before + 1), [])
  if (typeof receiver === 'string') return { shown: receiver, startOver }
  const running = lab.current !== undefined && receiver !== undefined && status !== undefined
  return { shown: running ? { lab: lab.current as Lab, receiver, status } : undefined, startOver }
}
