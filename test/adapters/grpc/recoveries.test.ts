/** The Recoveries service over a real port. */
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiServer, createApiServer } from '../../../src/adapters/grpc/api-server.js';
import { loadRecoveriesService, recoveriesHandlers } from '../../../src/adapters/grpc/recoveries-service.js';
import { clusterByHint } from '../../../src/core/topology/cluster-hint.js';
import { FakeService, FIRST } from '../http/fake-service.js';

const definition = loadRecoveriesService();
let server: ApiServer;
let address: string;
let service: FakeService;

beforeEach(async () => {
  service = new FakeService();
  server = createApiServer({ listenAddress: '127.0.0.1:0' });
  server.register(
    definition,
    recoveriesHandlers({
      clusterOf: (hint) => clusterByHint(service.state, hint, 3306),
      explain: (cluster) => service.explain(cluster),
      mayLook: (authorization) => authorization === 'me',
    }),
  );
  ({ address } = await server.start());
});

afterEach(async () => {
  await server.close();
});

function explained(cluster: string, authorization = 'me'): Promise<unknown> {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  const { path, requestSerialize, responseDeserialize } = definition.Explain;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { cluster }, metadata, (error, response) => {
      client.close();
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

it('a cluster is explained by its name, an alias, or one of its servers', async () => {
  service.fed.feed({ kind: 'alias-set', clusterId: service.clusterId(), alias: 'shop' });
  for (const hint of ['main:3306', 'main', 'shop', 'read-replica-2:3306', service.clusterId()]) {
    expect(await explained(hint)).toMatchObject({
      cluster: 'main:3306',
      alias: 'shop',
      wouldFailOver: true,
      refusals: [],
      successor: { server: FIRST },
      candidates: [{ rank: 1, lagSeconds: 0, unapplied: 0 }, { rank: 2 }],
      durability: { policy: 'none', guaranteed: false },
    });
  }
});

it('reasons come with their code and what mends them', async () => {
  service.fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'me' });
  const mend = 'orchestrator-client -c enable-global-recoveries';
  expect(await explained('main')).toMatchObject({
    wouldFailOver: false,
    refusals: [{ code: 'recoveries-disabled', mend }],
  });
});

it('a cluster that nobody knows is not found, and who may not look is told so', async () => {
  const codeOf = (cluster: string, who: string): Promise<unknown> =>
    explained(cluster, who).catch((error: unknown) => (error as ServiceError).code);
  expect(await codeOf('nobody', 'me')).toBe(status.NOT_FOUND);
  expect(await codeOf('', 'me')).toBe(status.NOT_FOUND);
  expect(await codeOf('main', 'you')).toBe(status.PERMISSION_DENIED);
});
