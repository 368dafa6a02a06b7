// How often properties are tried, as in core: mutants get the same tries every time.

import fc from 'fast-check'
import { tries } from './support'

const mutated = 'STRYKER_MUTATOR_WORKER' in process.env
fc.configureGlobal({ numRuns: tries(100), ...(mutated && { seed: 1, endOnFailure: true }) })
