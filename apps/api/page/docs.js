/** The description is served from here too, and nothing is asked of any other host. */
globalThis.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#viewer',
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
