"""Staff who sign in: owner, coach, assistant; their sessions; which assistant serves which coach."""
