@client
Feature: A client keeps its secrets where they belong

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

    @deposits
    Scenario Outline: a client that <request>, and <refusal>
      Given a client that <request>, and <refusal>
      Then the signing secrets are nowhere in it

      Examples:
        | request                                      | refusal                  |
        | every thing that a client does with deposits | every refusal of a caller |

    @cashouts
    Scenario Outline: a client that <request>, and <refusal>
      Given a client that <request>, and <refusal>
      Then the signing secrets are nowhere in it

      Examples:
        | request                                      | refusal                  |
        | every thing that a client does with cashouts | every refusal of a caller |

  @CASH-AUTH-06 @must
  Rule: the API Passphrase is sent in the body of cashouts

    Scenario: the passphrase, in everything that is sent
      Given a client that works
      Then the API Passphrase is in pass of cashouts, and nowhere else

  @DEP-AUTH-03 @must
  Rule: the read-only key serves the read-only endpoints, and those alone

    Scenario: the read-only key, in everything that is sent
      Given a client that works
      Then nothing but lookups has the read-only key

  @DEP-AUTH-03 @must @observed
  Rule: API Keys stay in their places

    Scenario: API Keys in other places than their own
      Given a client that works
      Then the report says where API Keys are other than in their own places
