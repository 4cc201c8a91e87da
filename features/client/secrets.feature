@client
Feature: A client keeps its signing secrets

  @CLI-SECRET-01 @must
  Rule: an API Signature signs and never travels, in no header, no body and no URL, in whatever spelling

    @deposits
    Scenario: everything that is sent about deposits
      Given a client that works with deposits
      Then the signing secrets are nowhere in it

    @cashouts
    Scenario: everything that is sent about cashouts
      Given a client that works with cashouts
      Then the signing secrets are nowhere in it
