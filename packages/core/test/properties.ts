// How often properties are tried (see `tries`). Mutants get the same tries every time, and no search for a smaller
// example: nobody reads what becomes of them.

import fc from 'fast-check'
import { tries } from './support'

const mutated = 'STRYKER_MUTATOR_WORKER' in process.env
fc.configureGlobal({ numRuns: tries(100), ...(mutated && { seed: 1, endOnFailure: true }) })
