import { useEffect, useRef } from 'react'

/** Opens files that are dropped anywhere on the page: a browser would leave the page for one that nobody takes. */
export function useDrop(open: (file: File) => Promise<void>): void {
  const latest = useRef(open)
  useEffect(() => void (latest.current = open))
  useEffect(() => {
    const dragged = (event: DragEvent): void => event.preventDefault()
    const dropped = (event: DragEvent): void => {
      event.preventDefault()
      const file = event.dataTransfer?.files[0]
      if (file) void latest.current(file)
    }
    addEventListener('dragover', dragged)
    addEventListener('drop', dropped)
    return () => {
      removeEventListener('dragover', dragged)
      removeEventListener('drop', dropped)
    }
  }, [])
}
