"""Citizens confirm who they are at an OpenID Connect provider, such as Gosuslugi."""
