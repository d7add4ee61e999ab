/** What an SDK's type allows, with every optional property there and none null, all the way down. */
export type Complete<Value> = Value extends string | number | boolean | null | undefined
  ? Value
  : unknown extends Value
    ? Value
    : Value extends readonly (infer Item)[]
      ? Complete<Item>[]
      : { [Key in keyof Value]-?: Complete<NonNullable<Value[Key]>> };

/** One complete value for each `type` of a union: the compiler names those that are missing. */
export type OneOfEach<Union extends { type: string }> = {
  [Type in Union['type']]: Complete<Extract<Union, { type: Type }>>;
};
