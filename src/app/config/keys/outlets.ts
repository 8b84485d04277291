/** The keys about where what happens is told, besides the log and the doors. */
import { works } from './key.js';
import { bool, choice, integer, text } from './kinds.js';

export const OUTLET_KEYS = {
  EnableSyslog: works(bool, false, "Copy the log to the system's log, through the program `logger`"),
  AuditLogFile: works(text, '', "File to which audit lines are appended, in the incumbent's form, on every node"),
  AuditPurgeDays: works(
    integer(0, 36_500),
    7,
    'The audit and recoveries that have ended are forgotten after so many days; 0: only when there are too many',
  ),
  AuditToSyslog: works(
    bool,
    false,
    "Write audit lines to the system's log, through the program `logger`, on the node that leads",
  ),
  GraphiteAddr: works(text, '', 'Graphite, `host` or `host:port` (2003), to which the figures of `/metrics` are sent'),
  GraphitePath: works(text, '', 'What stands before their names there; `{hostname}` is the name of this host'),
  GraphiteConvertHostnameDotsToUnderscores: works(bool, true, 'Write the dots of `{hostname}` as underscores'),
  GraphitePollSeconds: works(integer(0, 86_400), 60, 'They are sent so often, seconds; 0: never'),
  PrependMessagesWithOrcIdentity: works(
    choice({ '': 'none', none: 'none', FQDN: 'fqdn', hostname: 'hostname', custom: 'custom' } as const),
    '',
    'Errors of the API begin with `Orchestrator NAME says: `, by which of its names this node calls itself',
  ),
  CustomOrcIdentity: works(text, '', 'That name, for `custom`'),
} as const;
