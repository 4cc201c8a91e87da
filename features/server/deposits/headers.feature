@server @deposits
Feature: A deposits request carries its headers

  @DEP-HDR-03 @must
  Rule: X-Login is mandatory

    Scenario: a deposit request without X-Login
      Given a deposit request that the server accepts
      When only its X-Login is left out
      Then it is refused because of its missing X-Login

    Scenario Outline: a <request> request with any missing X-Login
      Given a <request> request that the server accepts
      When it is sent with every missing X-Login
      Then each is refused, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

  @DEP-HDR-04 @must
  Rule: X-Date is written yyyy-MM-dd'T'HH:mm:ssZ

    Scenario Outline: a <request> request whose X-Date has another form
      Given a <request> request that the server accepts
      When it is sent with every other form of X-Date
      Then each is refused because of the form of its date, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

    @observed
    Scenario Outline: an X-Date written <form>, which some servers take
      Given a deposit request that the server accepts
      When only its X-Date is written <form>
      Then it is refused, or accepted where <register> is read as rfc3339

      Examples:
        | form                   | register |
        | with the offset +00:00 | AMB-16   |
        | with the offset -03:00 | AMB-16   |
        | with milliseconds      | AMB-17   |

    @observed
    Scenario: an X-Date written with the offset +0000, which no reading names
      Given a deposit request that the server accepts
      When only its X-Date is written with the offset +0000
      Then whether it is refused is noted

  @DEP-HDR-05 @DEP-HDR-01 @must
  Rule: Content-Type is mandatory

    Scenario Outline: a <request> request without Content-Type
      Given a <request> request that the server accepts
      When it is sent with every missing Content-Type
      Then each is refused, and none has an effect

      Examples:
        | request             |
        | every deposits POST |

  @DEP-HDR-05 @must
  Rule: where the documents leave Content-Type open

    @observed
    Scenario: a deposit status request without Content-Type
      Given a deposit status request that the server accepts
      When only its Content-Type is left out
      Then it is accepted, or refused where AMB-21 is read as strict

  @DEP-CT-02 @must
  Rule: Content-Type is always application/json

    Scenario Outline: a <request> request that calls itself something else
      Given a <request> request that the server accepts
      When it is sent with every other Content-Type
      Then each is refused, and none has an effect

      Examples:
        | request             |
        | every deposits POST |

    @observed
    Scenario: a Content-Type with a charset
      Given a deposit request that the server accepts
      When only its Content-Type is "application/json; charset=utf-8"
      Then it is accepted, or refused where AMB-21 is read as strict

  @DEP-HDR-01 @must
  Rule: every request carries the mandatory headers

    Scenario Outline: a <request> request without its <header>
      Given a <request> request that the server accepts
      When it is sent with every missing <header>
      Then each is refused, and none has an effect

      Examples:
        | request                       | header                         |
        | every signed deposits request | every mandatory deposits header |

  @DEP-HDR-06 @must
  Rule: X-Idempotency-Key may be left out

    Scenario Outline: a <request> request without an idempotency key
      Given a <request> request with an idempotency key that the server accepts
      When only its X-Idempotency-Key is left out
      Then it is accepted

      Examples:
        | request |
        | deposit |
        | refund  |

    @observed
    Scenario: an X-Idempotency-Key that is blank
      Given a deposit request that the server accepts
      When only its X-Idempotency-Key is empty
      Then whether it is refused is noted
