import { nodePorts, openCourseFolder } from '@learnpack/telemetry-transport-file'
import { machineId } from '../src/logins/machine-id'

/** As if LearnPack had been started in that folder before, on this machine: its session file did not come with the course. */
export function startedBefore(dirPath: string): void {
  const current = nodePorts.ids.telemetry()
  openCourseFolder(dirPath).claimIndex({ current, owners: {}, machine: machineId() })
}
