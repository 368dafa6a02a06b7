// Where a command prints: results on stdout, everything about them on stderr.

import { ignoreErrors } from '@learnpack/telemetry-transport-file'
import pico from 'picocolors'

export interface Output {
  out(text: string): void
  err(text: string): void
  /** Whether stdout is a terminal that shows colours. Default: no. */
  readonly colors?: boolean
  /** Asks a person a question to be answered with yes or no; undefined where nobody is there to ask. */
  readonly ask?: (question: string) => Promise<boolean>
  /** Shows what is under way, in the place of what it showed before; undefined where nobody watches. */
  readonly progress?: (text: string) => void
}

/**
 * Text of strangers as a terminal may be given it: whatever would steer the terminal is shown as the escape
 * JSON has for it, so JSON stays the same JSON.
 */
export const visible = (text: string): string =>
  text.replace(
    /[^\P{Cc}\t\n]|\p{Bidi_Control}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** The same for what must stay on its line. */
export const oneLine = (text: string): string =>
  visible(text).replace(/[\t\n]/g, (character) => (character === '\n' ? '\\n' : '\\t'))

/** A value that a stranger wrote, on its line: JSON if it is not a text. */
export const shown = (value: unknown): string =>
  oneLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)))

/** An ISO 8601 time. Not every integer is one that a Date can show. @param at epoch ms */
export function isoTime(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? `${at} ms` : date.toISOString()
}

export type Paint = ReturnType<typeof pico.createColors>

export const paintFor = ({ colors = false }: Output): Paint => pico.createColors(colors)

export const standard: Output = {
  out: (text) => void process.stdout.write(text),
  // To a file on a full disk it throws at once, and there is nowhere left to say so.
  err: (text) => void ignoreErrors(() => process.stderr.write(text)),
  // NO_COLOR, FORCE_COLOR, TERM and whether stdout is a terminal. picocolors also colours what is piped where CI is set.
  colors: pico.isColorSupported && (process.stdout.isTTY || Boolean(process.env['FORCE_COLOR'])),
  ...(process.stdin.isTTY && process.stderr.isTTY && { ask: confirm }),
  ...(process.stderr.isTTY && {
    progress: (text) => void process.stderr.write(`\r\u001B[K${oneLine(text)}`),
  }),
}

/** Ctrl-C at a question. */
export class Interrupted extends Error {}

async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await new Promise<boolean>((resolve, reject) => {
      lines.once('SIGINT', () => reject(new Interrupted()))
      // The end of the input means no.
      lines.once('close', () => resolve(false))
      lines.question(`${question} [y/N] `, (answer) => resolve(/^y(es)?$/i.test(answer.trim())))
    })
  } finally {
    lines.close()
  }
}
