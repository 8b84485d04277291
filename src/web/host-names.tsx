/**
 * Host names as this installation wants them shown: what all of them end in says nothing and takes the room
 * (RemoveTextFromHostnameDisplay). The details of a server and the title of its box keep the whole name.
 */
import { createContext, useContext } from 'react';
import { shownHost } from './words.js';

const RemovedText = createContext('');

export const HostNames = RemovedText.Provider;

export function useShownHost(): (name: string) => string {
  const removed = useContext(RemovedText);
  return (name) => shownHost(name, removed);
}
