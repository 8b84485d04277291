/** The keys about what servers and clusters are to their operators. A Detect...Query wins over a pattern. */
import { works } from './key.js';
import { aliasPatterns, bool, integer, patternOrNone } from './kinds.js';

const minutes = integer(1);

export const CLASSIFICATION_KEYS = {
  ClusterNameToAlias: works(
    aliasPatterns,
    {},
    'Aliases of clusters: the first pattern that is found in the name (`host:port` of the primary) gives its alias',
  ),
  DataCenterPattern: works(
    patternOrNone,
    '',
    "Pattern on a server's host; its first group is the data centre. DetectDataCenterQuery wins",
  ),
  RegionPattern: works(patternOrNone, '', 'The same for the region; DetectRegionQuery wins'),
  PhysicalEnvironmentPattern: works(
    patternOrNone,
    '',
    'The same for the environment; DetectPhysicalEnvironmentQuery wins',
  ),
  CandidateInstanceExpireMinutes: works(
    minutes,
    60,
    'How long a promotion rule from `register-candidate` stands if it is not registered again, minutes',
  ),
  InstancePoolExpiryMinutes: works(minutes, 60, 'How long a pool stands if it is not submitted again, minutes'),
  SupportFuzzyPoolHostnames: works(bool, true, 'Part of a host name may stand for it in a pool, if it fits one server'),
} as const;
