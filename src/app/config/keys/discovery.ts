/** The keys about which servers are looked at, under which names, and when they are given up. */
import { works } from './key.js';
import { bool, choice, hostFilters, integer, patternOrNone, patterns, text } from './kinds.js';

const minutes = integer(1);

export const DISCOVERY_KEYS = {
  DiscoveryIgnoreHostnameFilters: works(
    hostFilters,
    [],
    'Servers that are never looked at: patterns on `host:port`, or exact IP addresses',
  ),
  DiscoveryIgnoreReplicaHostnameFilters: works(
    hostFilters,
    [],
    'Servers that are not looked at when a source names them as its replicas; same forms',
  ),
  DiscoveryIgnoreMasterHostnameFilters: works(
    hostFilters,
    [],
    'Servers that are not looked at when a replica names them as its source; same forms',
  ),
  DiscoveryIgnoreReplicationUsernameFilters: works(
    patterns,
    [],
    'Replicas that log in to their source as one of these users are left out: patterns on the user',
  ),
  EnableDiscoveryFiltersLogs: works(bool, true, 'Say in the log, once of each, whom these filters keep out'),
  UnseenInstanceForgetHours: works(
    integer(0),
    240,
    'Servers that nobody has seen for so long are forgotten, hours; 0: never',
  ),
  SnapshotTopologiesIntervalHours: works(
    integer(0),
    0,
    'Keep a picture of all topologies so often, hours; 0: only by `snapshot-topologies`',
  ),
  HostnameResolveMethod: works(
    choice({ none: 'as-given', default: 'as-given', '': 'as-given', cname: 'cname', ip: 'ip' } as const),
    'default',
    'What becomes of a host name before it is used: `none` and `default` leave it, `cname` follows DNS, `ip` takes the address',
  ),
  MySQLHostnameResolveMethod: works(
    choice({
      '@@hostname': 'hostname',
      '@@report_host': 'report-host',
      none: 'as-found',
      '': 'as-found',
    } as const),
    '@@hostname',
    'Name by which a server is known: `@@hostname` or `@@report_host`, once it was found to answer there as itself; `none`: as it was found',
  ),
  ExpiryHostnameResolvesMinutes: works(
    minutes,
    60,
    'How long resolved names and names registered for replicas are kept, minutes',
  ),
  RejectHostnameResolvePattern: works(patternOrNone, '', 'Names that are not taken for an answer: a pattern'),
  RemoveTextFromHostnameDisplay: works(text, '', 'Text that is cut out of host names on the page'),
  WebMessage: works(text, '', 'A message that stands on top of the page'),
} as const;
