"""A WhatsApp provider to practise with: it speaks the Cloud API and shows a phone. Shares no code with the product."""
