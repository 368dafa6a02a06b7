// Where a command says things: results on stdout, everything said about them on stderr.

import pico from 'picocolors'

export interface Output {
  out(text: string): void
  err(text: string): void
  /** Whether stdout is a terminal that shows colours. Default: no. */
  readonly colors?: boolean
  /** Asks a person a question to be answered with yes or no; undefined where nobody is there to ask. */
  readonly ask?: (question: string) => Promise<boolean>
}

export type Paint = ReturnType<typeof pico.createColors>

export const paintFor = ({ colors = false }: Output): Paint => pico.createColors(colors)

export const standard: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  // NO_COLOR, FORCE_COLOR, TERM and whether stdout is a terminal.
  colors: pico.isColorSupported,
  ...(process.stdin.isTTY && process.stderr.isTTY && { ask: confirm }),
}

async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
  } finally {
    lines.close()
  }
}
