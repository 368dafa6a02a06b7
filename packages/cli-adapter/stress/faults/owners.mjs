// Whose each piece of work is (SPEC §4 rule 5), told from what the hosts were asked alone: the judge of who got it.
//
// A crash in the middle of a login leaves open whether it happened. Where that matters the answer is several students, and
// either will do.

const NOBODY = null

/** @param notes of all hosts, in order @returns for each mark the students whose it may be, as strings */
export function ownersOf(notes) {
  const works = new Map()
  /** Who may be logged in, and whose the telemetry that is going on may be. */
  let students = new Set([NOBODY])
  let telemetry = new Set([NOBODY])
  /** Work that waits to be somebody's: in this session, and in a telemetry that is nobody's yet. */
  let ofSession = []
  let ofTelemetry = []
  /** Who logged out last in this session: what comes then may be counted as theirs, or as the next one's. */
  let left = new Set()
  /** The login or logout under way, and who was there before it; noted once it was recorded. */
  let change

  function changes(to) {
    // What was not recorded before this may never be.
    change = { to, before: new Set([...(change?.before ?? []), ...students]) }
    left = to === NOBODY ? students : new Set()
    students = new Set([to])
    if (to === NOBODY) return
    for (const work of [...ofSession, ...ofTelemetry]) work.owners.add(to)
  }

  function settled() {
    const to = change?.to
    change = undefined
    if (to === undefined || to === NOBODY) return
    telemetry = new Set([to])
    ofSession = []
    ofTelemetry = []
  }

  function endSession() {
    if (change !== undefined) {
      students = new Set([...change.before, change.to, NOBODY])
      if (change.to !== NOBODY) telemetry.add(change.to)
      change = undefined
    }
    for (const work of ofSession) for (const owner of telemetry) if (owner !== NOBODY) work.owners.add(owner)
    if (telemetry.has(NOBODY)) ofTelemetry.push(...ofSession)
    ofSession = []
    left = new Set()
  }

  const add = (mark, owners) => {
    const work = { owners: new Set([...owners].filter((owner) => owner !== NOBODY)) }
    works.set(mark, work)
    return work
  }

  for (const [what, name, arg] of notes) {
    if (what === 'host') endSession()
    else if (what === 'purged') {
      endSession()
      students = new Set([...students, NOBODY])
      telemetry = new Set([...telemetry, NOBODY])
    } else if (what === 'file') add(arg, [name])
    else if (what === 'recorded' && arg === 'student_identified' && change?.to !== NOBODY) settled()
    else if (what === 'recorded' && arg === 'student_cleared' && change?.to === NOBODY) settled()
    else if (what !== 'call') continue
    else if (name === 'finish') endSession()
    else if (name === 'login') changes(arg)
    else if (name === 'logout') changes(NOBODY)
    else if (name === 'event') {
      const work = add(arg, [...students, ...left])
      if (students.has(NOBODY)) ofSession.push(work)
    }
  }
  endSession()
  return new Map([...works].map(([mark, { owners }]) => [mark, new Set([...owners].map(String))]))
}
