import { describeLogStore } from '../../contracts/log-store.js';
import { MemoryLogStore } from './raft-memory-log-store.js';

describeLogStore('memory', () => {
  const store = new MemoryLogStore();
  return Promise.resolve({
    store,
    reopen: async () => {
      await store.close();
      return store.open();
    },
    end: () => store.close(),
  });
});
