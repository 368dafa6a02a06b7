// Faults to plant: what is replaced, and by what. Those of core are in one file of its source; those of machines, in the programs of
// the adapter as they are built.

const core = (path) => `../packages/core/src/${path}.ts`
const DELIVERY = core('delivery/delivery')

export const FAULTS = [
  {
    name: 'no sync before a cursor moves',
    file: 'src/storage.ts',
    edits: [["        writing('sync', () => keptOf(id)?.log?.sync())\n", '']],
  },
  {
    name: 'a cursor moved before the answer',
    file: DELIVERY,
    edits: [
      [
        '      const outcome = await attempt(parcel)\n',
        `      if (next !== undefined) cursors.write(destination, { ...state, ...next.cursor })
      const outcome = await attempt(parcel)\n`,
      ],
    ],
  },
  {
    name: 'the owner written before the log',
    file: core('record/students'),
    edits: [
      [
        `    const recorded = append(
      { ...session.envelope(call), type: 'student_identified', data: { user_id } },
      current,
    )
    if (recorded.ok && current !== undefined) {
      whose?.setStudent(current.id, user_id)
      whose?.own(current.id, user_id)
    }
    return recorded\n`,
        `    if (current !== undefined) {
      whose?.setStudent(current.id, user_id)
      whose?.own(current.id, user_id)
    }
    return append(
      { ...session.envelope(call), type: 'student_identified', data: { user_id } },
      current,
    )\n`,
      ],
    ],
  },
  {
    name: 'the lease not checked after an await',
    file: DELIVERY,
    edits: [['      if (!now.maySend || !isSameTerm(now, turn) || abort.signal.aborted) continue\n', '']],
  },
  {
    name: 'a retry that mints a new id',
    file: DELIVERY,
    edits: [
      [
        '      const parcel = letter === undefined ? next?.parcel : outbox.revive(letter)\n',
        `      const made = letter === undefined ? next?.parcel : outbox.revive(letter)
      const parcel = made && state.attempts > 0 ? { ...made, id: made.id + state.attempts } : made\n`,
      ],
    ],
  },
  {
    name: 'an import not noted',
    file: core('record/import-file'),
    edits: [['(found.adopted(), true)', 'true']],
  },
  {
    name: 'a login inherited by a copy',
    file: core('record/write-side'),
    edits: [['if (whose?.isFromHere === false) ', 'if (false) ']],
  },
  {
    name: 'a batch that overtakes a newer one',
    file: core('delivery/parcels'),
    edits: [['waits && rendered?.batch !== batch ? batch', 'waits && rendered === undefined ? batch']],
  },
  {
    name: '`disable` not seen by a running host',
    file: core('runtime/telemetry'),
    edits: [
      [
        "const mayRecord = () => options.mayRecord === undefined || guarded('mayRecord', options.mayRecord) === true",
        'const may = options.mayRecord?.() !== false\n  const mayRecord = () => may',
      ],
    ],
  },
  {
    name: 'a wall clock in a wait',
    file: DELIVERY,
    edits: [
      ['        dueAt = clock.elapsed() + wait\n', '        dueAt = clock.now() + wait\n'],
      ['if (clock.elapsed() < dueAt) return', 'if (clock.now() < dueAt) return'],
      ['Math.max(0, dueAt - clock.elapsed())', 'Math.max(0, dueAt - clock.now())'],
      ['  let dueAt = clock.elapsed() +', '  let dueAt = clock.now() +'],
      [
        'dueAt = clock.elapsed() + restOfWait(state, clock.now())\n    return',
        'dueAt = clock.now() + restOfWait(state, clock.now())\n    return',
      ],
    ],
  },
  {
    name: 'a damaged line that hides its neighbour',
    file: core('events/codec'),
    edits: [['const events = salvage(line, crc)', 'const events: TelemetryEvent[] = []']],
  },
  {
    name: 'dead letter and cursor stored in the wrong order',
    file: DELIVERY,
    edits: [
      [
        `        if (isNew)
          deadLetters.append({ destination, id: parcel.id, offset: next.offset, at: clock.now(), reason })
        save({ ...done, deadLettered: state.deadLettered + (isNew ? 1 : 0), lastError: reason })\n`,
        `        save({ ...done, deadLettered: state.deadLettered + (isNew ? 1 : 0), lastError: reason })
        if (isNew)
          deadLetters.append({ destination, id: parcel.id, offset: next.offset, at: clock.now(), reason })\n`,
      ],
    ],
  },
]

export const MACHINE_FAULTS = [
  {
    name: 'machines: a login that came with a copy counts',
    edits: [['if (shipped.session !== void 0) noteForeignSession(folder, shipped.session);', '']],
  },
  {
    name: 'machines: `disable` not seen by a running host',
    edits: [
      ['mayRecord: () => permission?.lately() ?? true', 'mayRecord: () => true'],
      ['const allowed2 = () => permission?.now() ?? true;', 'const allowed2 = () => true;'],
    ],
  },
  {
    name: 'machines: nobody looks who is logged in before a request',
    edits: [['const reason = whyNot();', 'const reason = void 0;']],
  },
  {
    name: 'machines: the session file is not looked at before an event',
    edits: [['logins?.lookIfChanged();', '']],
  },
]
