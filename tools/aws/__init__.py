"""`make up AWS=moto`: moto's server in AWS' place, holding what the Copilot manifests would create there."""
