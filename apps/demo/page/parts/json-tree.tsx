import { decodedAttempt } from '@learnpack/telemetry-core'
import { memo, useState } from 'react'
import { isObject, join, type Changes } from '../model/changes'
import { isoInWords } from '../model/words'
import { Icon } from './icon'
import { Omitted } from './omitted'

/** Of a long list the latest items are shown, and those that changed. */
const ITEMS = 40
/** Characters of a text. */
const TEXT = 160

interface Props {
  readonly value: unknown
  readonly changes: Changes
  /** Shows base64 as the text it stands for. */
  readonly decode: boolean
}

/** telemetry.json as a tree; what the present event changed is marked and unfolded. */
export const JsonTree = memo(function JsonTree({ value, changes, decode }: Props) {
  const [folds, setFolds] = useState<ReadonlyMap<string, boolean>>(new Map())
  const context = {
    changes,
    decode,
    isOpen: (path: string) => folds.get(path) ?? (path === '' || changes.touched.has(path)),
    toggle: (path: string, open: boolean) => setFolds((before) => new Map(before).set(path, open)),
  }
  return (
    <div className="tree" tabIndex={0} role="region" aria-label="telemetry.json as a tree" data-scrolls>
      <Node name={undefined} path="" value={value} context={context} />
    </div>
  )
})

interface Context {
  readonly changes: Changes
  readonly decode: boolean
  isOpen(path: string): boolean
  toggle(path: string, open: boolean): void
}

interface NodeProps {
  readonly name: string | undefined
  readonly path: string
  readonly value: unknown
  readonly context: Context
}

function Node({ name, path, value, context }: NodeProps) {
  const { changes, isOpen, toggle } = context
  const isChanged = changes.changed.has(path)
  const label = name !== undefined && <span className="key">{name}: </span>
  if (!isObject(value)) {
    return (
      <div className={isChanged ? 'leaf changed' : 'leaf'} data-path={path}>
        {label}
        <Leaf name={name} value={value} decode={context.decode} />
      </div>
    )
  }
  const open = isOpen(path)
  const entries = open ? Object.entries(value) : []
  const all = `${path}#all`
  const visible = isOpen(all) ? entries : latest(entries, path, changes)
  return (
    <div className={isChanged ? 'node changed' : 'node'} data-path={path}>
      <button type="button" className="fold" aria-expanded={open} onClick={() => toggle(path, !open)}>
        <Icon name={open ? 'open' : 'closed'} />
        {label}
        <span className="summary">{summary(value)}</span>
        {changes.touched.has(path) && path !== '' && <span className="dot" title="changed by this event" />}
      </button>
      {open && (
        <div className="children">
          {visible.length < entries.length && (
            <button type="button" className="fold" onClick={() => toggle(all, true)}>
              show {entries.length - visible.length} more
            </button>
          )}
          {visible.map(([key, inner]) => (
            <Node key={key} name={key} path={join(path, key)} value={inner} context={context} />
          ))}
        </div>
      )}
    </div>
  )
}

function latest(entries: [string, unknown][], path: string, { touched }: Changes): [string, unknown][] {
  const from = entries.length - ITEMS
  return entries.filter(([key], index) => index >= from || touched.has(join(path, key)))
}

function summary(value: Record<string, unknown>): string {
  if (Array.isArray(value)) return value.length === 1 ? '1 item' : `${value.length} items`
  const { slug, started_at, exit_code } = value
  if (typeof slug === 'string') return slug
  if (typeof started_at === 'number') return isoInWords(started_at)
  if (exit_code !== undefined) return `exit code ${String(exit_code)}`
  return '{…}'
}

function Leaf({ name, value, decode }: { name: string | undefined; value: unknown; decode: boolean }) {
  if (typeof value !== 'string') return <span className="value">{JSON.stringify(value)}</span>
  const text =
    decode && name !== undefined ? String(decodedAttempt('compile', { [name]: value })[name]) : value
  return (
    <span className={text === value ? 'value text' : 'value text decoded'}>
      {JSON.stringify(text.slice(0, TEXT))}
      <Omitted of={text} shown={TEXT} />
    </span>
  )
}
