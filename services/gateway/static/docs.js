SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#api",
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
