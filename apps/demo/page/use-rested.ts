import { useEffect, useRef, useState } from 'react'

/** `value` as of at most `ms` ago: for what costs too much to be drawn at every event. */
export function useRested<T>(value: T, ms: number): T {
  const [rested, setRested] = useState(value)
  const latest = useRef(value)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    latest.current = value
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      setRested(latest.current)
    }, ms)
  }, [value, ms])
  useEffect(() => () => clearTimeout(timer.current), [])
  return rested
}
