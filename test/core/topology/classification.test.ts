import { describe, expect, it } from 'vitest';
import {
  type ClassificationRules,
  classify,
  NO_RULES,
  promotionRuleOf,
} from '../../../src/core/topology/classification.js';
import {
  filteredBy,
  filteredByUser,
  NO_FILTERS,
  parseHostFilter,
} from '../../../src/core/topology/discovery-filters.js';
import { type Detected, NOTHING_DETECTED, type ServerReport } from '../../../src/core/topology/report.js';
import { channelTo, factsOf, serverId } from '../../support/facts.js';
import { vitalsOf } from '../../support/probes.js';

const RULES: ClassificationRules = {
  dataCenter: /^\w+-(\w+)\./,
  region: /(eu|us)/,
  environment: /[.](prod|test)[.]/,
  clusterAliases: [
    { pattern: /^shop/, alias: 'shop' },
    { pattern: /:3306$/, alias: 'other' },
  ],
};

function reportOf(host: string, hostname: string, detected: Partial<Detected> = {}): ServerReport {
  return {
    id: serverId('p'),
    address: { host, port: 3306 },
    facts: factsOf({ hostname }),
    vitals: vitalsOf(),
    detected: { ...NOTHING_DETECTED, ...detected },
    replicaAddresses: [],
  };
}

describe('classification', () => {
  it('takes the first group of a pattern, or all of the match', () => {
    const facts = classify(reportOf('shop-ams.eu.prod.example', ''), null, RULES);
    expect(facts).toMatchObject({
      dataCenter: 'ams',
      region: 'eu',
      environment: 'prod',
      suggestedClusterAlias: 'shop',
    });
  });

  it('looks at the address by which the server is known, whichever was asked, and then at its own names', () => {
    const known = { host: 'shop-ams.eu.prod.example', port: 3306 };
    expect(classify(reportOf('10.0.0.1', 'x'), known, RULES)).toEqual(
      classify(reportOf('shop-ams.eu.prod.example', 'x'), known, RULES),
    );
    expect(classify(reportOf('10.0.0.1', 'db-fra.us.test.example'), null, RULES)).toMatchObject({
      dataCenter: 'fra',
      region: 'us',
      environment: 'test',
    });
  });

  it('lets the answer of a query win, an empty one too', () => {
    const detected = {
      dataCenter: '',
      region: 'asia',
      instanceAlias: 'big',
      promotionRule: 'prefer_not',
      clusterAlias: 'store',
      clusterDomain: 'store.example',
      semiSyncEnforced: 2,
    };
    expect(classify(reportOf('shop-ams.eu.prod.example', '', detected), null, RULES)).toMatchObject({
      dataCenter: '',
      region: 'asia',
      alias: 'big',
      promotionRule: 'prefer_not',
      suggestedClusterAlias: 'store',
      suggestedClusterDomain: 'store.example',
      semiSyncPriority: 2,
    });
  });

  it('knows nothing where nothing is configured', () => {
    expect(classify(reportOf('a', 'b', { promotionRule: 'gladly' }), null, NO_RULES)).toEqual(
      factsOf({ hostname: 'b' }),
    );
    expect(promotionRuleOf('must')).toBe('must');
    expect(promotionRuleOf('MUST')).toBeNull();
  });
});

describe('filters of discovery', () => {
  function filter(text: string) {
    const parsed = parseHostFilter(text);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  }

  it('are patterns on host:port, or the whole of an IP address', () => {
    const filters = { ...NO_FILTERS, servers: [filter('^test-'), filter('10.0.0.1'), filter(':3307$')] };
    const by = (host: string, port = 3306) => filteredBy(filters, { host, port }, 'server');
    expect(by('test-1')).toBe('DiscoveryIgnoreHostnameFilters');
    expect(by('10.0.0.1')).toBe('DiscoveryIgnoreHostnameFilters');
    expect(by('10.0.0.11')).toBeNull();
    expect(by('db', 3307)).toBe('DiscoveryIgnoreHostnameFilters');
    expect(by('a-test-1')).toBeNull();
  });

  it('tell replicas from sources', () => {
    const filters = { ...NO_FILTERS, replicas: [filter('backup')], sources: [filter('upstream')] };
    expect(filteredBy(filters, { host: 'backup', port: 1 }, 'replica')).toBe('DiscoveryIgnoreReplicaHostnameFilters');
    expect(filteredBy(filters, { host: 'backup', port: 1 }, 'source')).toBeNull();
    expect(filteredBy(filters, { host: 'upstream', port: 1 }, 'source')).toBe('DiscoveryIgnoreMasterHostnameFilters');
    expect(filteredBy(filters, { host: 'upstream', port: 1 }, 'server')).toBeNull();
  });

  it('leave out replicas by the user they log in as', () => {
    const filters = { ...NO_FILTERS, users: [/^cdc/] };
    expect(filteredByUser(filters, factsOf({ channels: [channelTo('p', { user: 'cdc_reader' })] }))).toBe(true);
    expect(filteredByUser(filters, factsOf({ channels: [channelTo('p')] }))).toBe(false);
    expect(filteredByUser(filters, factsOf())).toBe(false);
  });

  it('that cannot be understood are refused', () => {
    expect(parseHostFilter('(').ok).toBe(false);
  });
});
