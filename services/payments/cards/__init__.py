"""The card processor: card pages, authorise, capture, refund, void, and the webhooks that report outcomes."""
