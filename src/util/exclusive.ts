/** Keys of any member of a union. */
type KeyOf<Union> = Union extends unknown ? keyof Union : never;

/** `Own`, in which nothing of `Others` can be given: of a union whose members are told apart so, a property of another member does not compile. */
export type Exclusive<Own, Others> = Own & { readonly [Key in Exclude<KeyOf<Others>, keyof Own>]?: undefined };
