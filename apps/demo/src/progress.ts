import { SingleBar } from 'cli-progress'

/** A bar on a terminal (on stderr), else a line at every tenth; `line` undefined means no lines. */
export function showProgress(line: ((text: string) => void) | undefined): (done: number, of: number) => void {
  if (process.stderr.isTTY) {
    const bar = new SingleBar({
      format: '{bar} {value}/{total} events',
      barCompleteChar: '█',
      barIncompleteChar: '░',
    })
    return (done, of) => {
      if (done === 1) bar.start(of, 0)
      bar.update(done)
      if (done === of) bar.stop()
    }
  }
  return (done, of) => {
    if (line !== undefined && Math.floor((done * 10) / of) > Math.floor(((done - 1) * 10) / of)) {
      line(`${done}/${of} events`)
    }
  }
}
