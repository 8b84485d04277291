declare const brand: unique symbol;

/** A string or number that must not be mixed up with another of the same shape: a server id is not a cluster id. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
