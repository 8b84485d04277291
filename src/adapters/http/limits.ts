/** Every queue, size and wait of the HTTP door, each with its reason. */
export const HTTP_LIMITS = {
  /** A path parameter (a downtime's reason, say), decoded: what is longer is refused by its name. */
  parameterCharacters: 2_048,
  /** Request line and headers: room for a parameter of three bytes a character, each escaped, and for a proxy's headers. */
  headBytes: 32_768,
  /** Writes carry everything in their path; a body is read and thrown away. */
  bodyBytes: 65_536,
  /** Each costs some kilobytes; thousands of pages and balancers are far below. */
  connections: 8_192,
  /** For a request's head and body to arrive. */
  receiveMs: 30_000,
  /** For a caller whose request cannot be read to hear so. */
  lastWordMs: 1_000,
  /** Longer than the idle time of usual balancers (60 s), so that it is they who close a connection first. */
  keepAliveMs: 72_000,
  /** After `stop`, for the answers under way. */
  drainMs: 5_000,

  forwardConnectMs: 2_000,
  /** A takeover waits for relay logs; the leader's own limits end it well before. */
  forwardAnswerMs: 180_000,
  forwardAnswerBytes: 8_388_608,
  /** For the last word of a leader that leads no more. */
  lostLeaderMs: 1_000,
  forwardsAtOnce: 64,
  /** For a request that is passed on: elections take less. */
  nextLeaderMs: 1_500,
  /** For this node to apply what the leader did on its behalf; the entries come with the next heartbeat at the latest. */
  caughtUpMs: 1_000,
  /** So often a request is put to a leader, the first time included. */
  forwardTurns: 3,

  /** For how long the answer to a request with a key is kept for those who ask again. */
  namedRequestMs: 3_600_000,
  /** A follower asks again within seconds, or not at all. */
  forwardedRequestMs: 300_000,
  /** The shell client gives up after twelve seconds. */
  unnamedRequestMs: 60_000,
  keptAnswerCharacters: 65_536,
  /** Replies that reached nobody. */
  unheardReplies: 256,
  askAgainMs: 15_000,

  /** The shell client gives a leader check one second. */
  leaderCheckMs: 900,

  /** The incumbent's page of an audit. */
  pageRows: 20,
  /** The incumbent's "recently active". */
  recentRecoveryMs: 300_000,
  discoveriesInBackground: 64,

  /** Changes of what is wrong with a server, for each; a flapping one says the same over and over. */
  changesKept: 100,
  /** A day: the incumbent's time for the same. */
  changesKeptMs: 86_400_000,

  /** Of addresses that never answered, on the page. */
  overviewTargets: 50,

  /** For how long the badge of a cluster to which nothing happened is shown, and how many are made anew in one turn. */
  badgeFreshMs: 5_000,
  badgesTogether: 25,

  /** Rendered answers that are kept until the state changes. */
  answersKept: 512,
  answerBytesKept: 33_554_432,

  /** How much later than it was seen something may stand in an answer; what was committed stands there at once. */
  sightingsTogetherMs: 50,

  eventClients: 256,
  /** Between two pictures of what was decided; an eye sees no more. */
  eventIntervalMs: 100,
  /** Between two pictures of what was merely seen again. */
  sightingIntervalMs: 1_000,
  /** Below the usual idle limits of proxies. */
  eventHeartbeatMs: 15_000,

  /** Closed recoveries and lines of the audit that the overview shows. */
  overviewRecoveries: 30,
  /** Beside them, of what operators changed on single servers. */
  overviewSwitches: 5,
  overviewAuditLines: 60,

  /** Recoveries, and changes beside them, of a history: unless told otherwise, and at most. */
  historyRows: 30,
  historyMax: 1_000,
} as const;
