// How often properties are tried (see `tries`).

import fc from 'fast-check'
import { tries } from './support'

fc.configureGlobal({ numRuns: tries(100) })
