// Storage whose place is known only once a course starts. Until then nothing of it is used.

import type { Storage } from '@learnpack/telemetry-core'

/** @param place throws while it is not known */
export function lateStorage(place: () => Storage): Storage {
  return {
    get snapshot() {
      return place().snapshot
    },
    get lease() {
      return place().lease
    },
    readIndex: () => place().readIndex(),
    writeIndex: (index) => place().writeIndex(index),
    claimIndex: (index) => place().claimIndex(index),
    list: () => place().list(),
    open: (id) => place().open(id),
  }
}
