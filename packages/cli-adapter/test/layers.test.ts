// Arrows between the adapter's folders point down.

import { describeLayers } from '../../../testing/lint'

describeLayers('cli-adapter', {
  forbidden: [
    ['shared', '../consent/consent'],
    ['consent', '../sending/node-fetch'],
    ['logins', '../host/manager-api'],
    ['sending', '../host/manager'],
    ['sending', '../reading/status'],
    ['host', '../reading/find-log'],
    ['host', '../commands/purge'],
    ['reading', '../host/manager'],
    ['reading', '../doctor/finding'],
    ['doctor', '../commands/show'],
    ['commands', '../cli'],
    ['host', '../plugin'],
    ['commands', '../host/deeper/manager'],
    ['host', '../../test/digest'],
  ],
  allowed: [
    ['shared', '../dist'],
    ['shared', './paths'],
    ['shared', 'undici'],
    ['consent', '../shared/paths'],
    ['logins', '../consent/user-files'],
    ['sending', '../logins/host-session'],
    ['host', '../sending/gate'],
    ['reading', '../sending/transports'],
    ['doctor', '../reading/status'],
    ['commands', '../doctor/examine'],
    ['commands', '../host/watch-course'],
  ],
})
