// What is asked, what the incumbent did on such a machine, and what is wanted here.
export interface Question {
  readonly name: string;
  readonly path: (hint: string) => string;
  /** Requests a second, 100 servers. */
  readonly incumbent: number;
  readonly wanted: number;
}

export const QUESTIONS: readonly Question[] = [
  { name: 'clusters-info', path: () => '/api/clusters-info', incumbent: 1956, wanted: 5000 },
  { name: 'cluster', path: (hint) => `/api/cluster/${hint}`, incumbent: 193, wanted: 3000 },
  { name: 'topology', path: (hint) => `/api/topology/${hint}`, incumbent: 216, wanted: 3000 },
  { name: 'replication-analysis', path: () => '/api/replication-analysis', incumbent: 60, wanted: 3000 },
];

/** While a failover runs. */
export const P99_WANTED_MS = 20;
