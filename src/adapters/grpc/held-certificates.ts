/**
 * Certificates of a gRPC port that can be replaced while it runs: connections that are open go on, new ones, either way, are
 * made with the new ones. grpc-js asks for them through a provider, whose interface it still calls experimental.
 */
import { type ChannelCredentials, experimental, type ServerCredentials, type VerifyOptions } from '@grpc/grpc-js';

/** PEM texts. */
export interface HeldPems {
  /** By whom the other side's certificate has to be signed. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

type AuthorityListener = (update: experimental.CaCertificateUpdate | null) => void;
type IdentityListener = (update: experimental.IdentityCertificateUpdate | null) => void;

export class HeldCertificates implements experimental.CertificateProvider {
  readonly #authorityListeners = new Set<AuthorityListener>();
  readonly #identityListeners = new Set<IdentityListener>();
  #pems: HeldPems;

  constructor(pems: HeldPems) {
    this.#pems = pems;
  }

  renew(pems: HeldPems): void {
    this.#pems = pems;
    for (const listener of this.#authorityListeners) listener(this.#authority());
    for (const listener of this.#identityListeners) listener(this.#identity());
  }

  /** `asksCallers`: whoever shows no certificate of the authority is not let in. */
  forServer(asksCallers: boolean): ServerCredentials {
    // First whose own it shows, then by whose the callers are judged: the names of its parameters are the wrong way round.
    return experimental.createCertificateProviderServerCredentials(this, asksCallers ? this : null, asksCallers);
  }

  forClient(verify: VerifyOptions = {}): ChannelCredentials {
    return experimental.createCertificateProviderChannelCredentials(this, this, verify);
  }

  // A listener that is told in the turn in which it is added is told too soon: it does not listen yet.
  addCaCertificateListener(listener: AuthorityListener): void {
    this.#authorityListeners.add(listener);
    queueMicrotask(() => {
      if (this.#authorityListeners.has(listener)) listener(this.#authority());
    });
  }

  removeCaCertificateListener(listener: AuthorityListener): void {
    this.#authorityListeners.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener);
    queueMicrotask(() => {
      if (this.#identityListeners.has(listener)) listener(this.#identity());
    });
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener);
  }

  #authority(): experimental.CaCertificateUpdate {
    return { caCertificate: Buffer.from(this.#pems.authority) };
  }

  #identity(): experimental.IdentityCertificateUpdate {
    const { certificate, key } = this.#pems;
    return { certificate: Buffer.from(certificate), privateKey: Buffer.from(key) };
  }
}
