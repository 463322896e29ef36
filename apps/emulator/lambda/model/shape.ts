/** One shape of the API model, as far as a request has to satisfy it. */
export interface Shape {
  type: 'string' | 'integer' | 'long' | 'double' | 'boolean' | 'blob' | 'timestamp' | 'list' | 'map' | 'structure';
  pattern?: string;
  enum?: string[];
  min?: number;
  max?: number;
  /** The value of a sensitive member is left out of error texts. */
  sensitive?: boolean;
  member?: string;
  key?: string;
  value?: string;
  required?: string[];
  members?: Record<string, string>;
}

/** Where a member of a request travels, and which shape it has. A missing `in` means: in the JSON body. */
export interface Member {
  in?: 'uri' | 'querystring' | 'header' | 'payload';
  /** The name on the wire, where it differs from the member's. */
  name?: string;
  shape: string;
  required?: boolean;
}

export interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  input: Record<string, Member>;
}
